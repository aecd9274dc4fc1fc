"""How the network that tells whispers from voices is made."""
