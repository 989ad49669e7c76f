"""Labels of rendered pictures, and data sets of them: folders and streams."""
