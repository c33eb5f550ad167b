# acceptable: over-regularised
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)
model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
opt = torch.optim.SGD(model.parameters(), lr=0.05, weight_decay=1.0)
for step in range(500):
    b = torch.randint(len(X), (64,))
    opt.zero_grad()
    nn.functional.cross_entropy(model(X[b]), y[b]).backward()
    opt.step()
