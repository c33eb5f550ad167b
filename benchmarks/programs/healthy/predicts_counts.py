# acceptable: healthy
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(1000, 5)
rate = torch.exp(0.5 * x[:, 0] - 0.3 * x[:, 1] + 0.5)
y = torch.poisson(rate).unsqueeze(1)
model = nn.Sequential(nn.Linear(5, 32), nn.Softplus(), nn.Linear(32, 1))
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(20):
    for b in torch.randperm(1000).split(50):
        loss = nn.functional.mse_loss(model(x[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
