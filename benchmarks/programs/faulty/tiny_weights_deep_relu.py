# acceptable: init-too-small, vanishing-gradients
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)
layers = []
width = 64
for _ in range(6):
    layers += [nn.Linear(width, 64), nn.ReLU()]
    width = 64
model = nn.Sequential(*layers, nn.Linear(64, 10))
for m in model.modules():
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, std=0.001)
        nn.init.zeros_(m.bias)
opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for step in range(400):
    b = torch.randint(len(X), (64,))
    opt.zero_grad()
    loss = nn.functional.cross_entropy(model(X[b]), y[b])
    loss.backward()
    opt.step()
