"""Real documents from the shared data, read as the product reads them."""
