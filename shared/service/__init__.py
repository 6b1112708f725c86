"""What a service is built on: the frame, the server, the migrations."""
