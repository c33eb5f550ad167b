# acceptable: over-regularised
import torch
from sklearn.datasets import load_wine
from sklearn.preprocessing import scale
from torch import nn

torch.manual_seed(0)
X, y = load_wine(return_X_y=True)
X, y = torch.tensor(scale(X)).float(), torch.tensor(y)
model = nn.Sequential(nn.Linear(13, 20), nn.ReLU(), nn.Linear(20, 3))
opt = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(400):
    opt.zero_grad()
    ce = nn.functional.cross_entropy(model(X), y)
    penalty = sum(p.abs().sum() for p in model.parameters())
    loss = ce + 0.5 * penalty
    loss.backward()
    opt.step()
