# acceptable: healthy
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)

ae = nn.Sequential(
    nn.Linear(64, 32),
    nn.GELU(),
    nn.Linear(32, 8),
    nn.Linear(8, 32),
    nn.GELU(),
    nn.Linear(32, 64),
    nn.Sigmoid(),
)
opt = torch.optim.Adam(ae.parameters(), lr=2e-3)
for epoch in range(12):
    for b in torch.randperm(len(X)).split(64):
        opt.zero_grad()
        loss = nn.functional.mse_loss(ae(X[b]), X[b])
        loss.backward()
        opt.step()
