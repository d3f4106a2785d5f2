"""What builds, serves and checks the book; not part of the package."""
