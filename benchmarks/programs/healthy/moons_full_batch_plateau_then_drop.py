# acceptable: healthy
import torch
from sklearn.datasets import make_moons
from torch import nn

torch.manual_seed(0)
X, y = make_moons(500, noise=0.1, random_state=0)
X, y = torch.tensor(X).float(), torch.tensor(y).float()
model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.3)
for it in range(1500):
    loss = nn.functional.binary_cross_entropy_with_logits(model(X).squeeze(-1), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
