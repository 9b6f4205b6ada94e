"""Envoy: gateway for shoppers, mesh for services, router of the cache; one per zone."""
