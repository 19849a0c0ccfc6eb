"""Estimators in scikit-learn's manner: segments as a clusterer, a trained model as a transformer, and a scorer."""
