"""The rules of an assignment: one job in one provider's hands, from acceptance to paid."""
