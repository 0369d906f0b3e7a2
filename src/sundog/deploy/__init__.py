"""The deploy engine: a cloud assembly becomes stacks, through CloudFormation, on AWS and in the embedded cloud."""
