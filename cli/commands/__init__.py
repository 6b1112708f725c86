"""The sub-commands of `ringrift`: each module here is one, and says so by its `register`."""
