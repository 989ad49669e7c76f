"""General helpers: files, images, checks of arguments, ranges, tables, progress bars, prefetching."""
