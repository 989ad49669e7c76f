"""What every room stands on: files, images, checks of arguments, progress bars, prefetching. It knows no faces."""
