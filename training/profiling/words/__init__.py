"""The words of segments: claims, each with the condition on raw values under which it is true."""
