"""One sequence of events, several pictures. A renderer reads events and changes nothing."""
