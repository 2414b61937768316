"""The GraphQL API and the web application that it lives in."""
