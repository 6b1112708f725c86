"""Trains a small network on one machine in minutes, by imitating a learned one-ply expert."""
