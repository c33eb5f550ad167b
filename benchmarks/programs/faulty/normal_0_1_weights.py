# acceptable: init-too-large
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)
model = nn.Sequential(
    nn.Linear(64, 256),
    nn.ReLU(),
    nn.Linear(256, 256),
    nn.ReLU(),
    nn.Linear(256, 256),
    nn.ReLU(),
    nn.Linear(256, 10),
)
for m in model:
    if hasattr(m, "weight"):
        nn.init.normal_(m.weight, 0.0, 1.0)
opt = torch.optim.SGD(model.parameters(), lr=1e-3)
for epoch in range(8):
    for i in torch.randperm(len(X)).split(32):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(X[i]), y[i])
        loss.backward()
        opt.step()
