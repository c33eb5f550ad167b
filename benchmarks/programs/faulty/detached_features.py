# acceptable: no-gradient
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
d = load_digits()
X, y = torch.tensor(d.images).float().unsqueeze(1) / 16, torch.tensor(d.target)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 5)
        self.hidden = nn.Linear(64, 8)
        self.out = nn.Linear(8, 10)

    def forward(self, x):
        h = torch.tanh(self.conv(x)).flatten(1)
        h = torch.tanh(self.hidden(h)).detach()
        return self.out(h)


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for step in range(400):
    b = torch.randint(len(X), (64,))
    opt.zero_grad()
    loss = nn.functional.cross_entropy(net(X[b]), y[b])
    loss.backward()
    opt.step()
