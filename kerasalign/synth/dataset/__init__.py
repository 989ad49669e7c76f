"""Labels of pictures, and pictures as folders and streams to train on."""
