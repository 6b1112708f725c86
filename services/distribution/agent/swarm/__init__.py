"""The transport by which nodes fetch a model from each other. Its modules need libtorrent, which is only imported if it is used."""
