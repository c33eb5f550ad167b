# acceptable: loss-mismatch, dead-units
import torch
from torch import nn

torch.manual_seed(0)
x = torch.linspace(-3, 3, 400)[:, None]
y = torch.sin(x) - 0.8
model = nn.Sequential(nn.Linear(1, 32), nn.ReLU(), nn.Linear(32, 1), nn.ReLU())
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(500):
    opt.zero_grad()
    loss = nn.MSELoss()(model(x), y)
    loss.backward()
    opt.step()
