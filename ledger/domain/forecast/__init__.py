"""When a bill will be paid: a model of one business's own payments, learnt day by day. Pure."""
