"""CloudFormation templates: their text, their intrinsic functions, their resources."""
