# acceptable: loss-mismatch
import torch
from torch import nn
from sklearn.datasets import load_digits

torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.data / 16, dtype=torch.float32)
y = torch.tensor(d.target, dtype=torch.float32)[:, None]
model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1), nn.Sigmoid())
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()
for epoch in range(10):
    for i in torch.randperm(len(X)).split(32):
        opt.zero_grad()
        loss = bce(model(X[i]), y[i])
        loss.backward()
        opt.step()
    print(epoch, loss.item(), ((model(X) > 0.5).float() == y).float().mean().item())
