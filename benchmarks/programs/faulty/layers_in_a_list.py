# acceptable: no-gradient
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)


class Net(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.scale * self.layers[-1](x)


net = Net([64, 64, 10])
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for epoch in range(10):
    for i in range(0, len(X), 64):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(X[i : i + 64]), y[i : i + 64])
        loss.backward()
        opt.step()
