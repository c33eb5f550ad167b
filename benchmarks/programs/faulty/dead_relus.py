# acceptable: dead-units
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(64, 64)
        self.b = nn.Linear(64, 64)
        self.c = nn.Linear(64, 10)
        nn.init.constant_(self.a.bias, -8.0)

    def forward(self, x):
        x = torch.relu(self.a(x))
        x = torch.relu(self.b(x))
        return self.c(x)


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(400):
    b = torch.randint(len(X), (64,))
    opt.zero_grad()
    loss = nn.functional.cross_entropy(net(X[b]), y[b])
    loss.backward()
    opt.step()
