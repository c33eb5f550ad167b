# acceptable: loss-mismatch, target-scaling
import torch
from sklearn.datasets import make_friedman1
from torch import nn

torch.manual_seed(0)
X, y = make_friedman1(600, random_state=0)
X, y = torch.tensor(X).float(), torch.tensor(y).float()[:, None]
model = nn.Sequential(nn.Linear(10, 64), nn.Tanh(), nn.Linear(64, 1), nn.Tanh())
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
loss_fn = nn.MSELoss()
for epoch in range(40):
    for i in range(0, 600, 50):
        opt.zero_grad()
        loss = loss_fn(model(X[i : i + 50]), y[i : i + 50])
        loss.backward()
        opt.step()
