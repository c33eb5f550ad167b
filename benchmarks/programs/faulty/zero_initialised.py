# acceptable: init-symmetric
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)
model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
for p in model.parameters():
    nn.init.zeros_(p)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(400):
    b = torch.randint(len(X), (32,))
    opt.zero_grad()
    loss = nn.functional.cross_entropy(model(X[b]), y[b])
    loss.backward()
    opt.step()
