"""From a release on the Hub to a page that answers: the Space, its settings, its doors."""
