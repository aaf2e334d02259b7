"""What `benchmarks.new_class` is made of: bundles without a class, and how well that class is taken up."""
