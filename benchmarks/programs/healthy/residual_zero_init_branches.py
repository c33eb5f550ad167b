# acceptable: healthy
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)


class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.norm, self.up, self.down = nn.LayerNorm(d), nn.Linear(d, 2 * d), nn.Linear(2 * d, d)
        nn.init.zeros_(self.down.weight)

    def forward(self, x):
        return x + self.down(nn.functional.gelu(self.up(self.norm(x))))


model = nn.Sequential(nn.Linear(64, 48), *(Block(48) for _ in range(6)), nn.Linear(48, 10))
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
for step in range(350):
    b = torch.randint(len(X), (64,))
    loss = nn.functional.cross_entropy(model(X[b]), y[b])
    opt.zero_grad()
    loss.backward()
    opt.step()
