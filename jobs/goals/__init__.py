"""The goals that the settings name, as the analytics take them."""
