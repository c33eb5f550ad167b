# acceptable: no-gradient
import torch
from torch import nn
from sklearn.datasets import load_digits

torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.images / 16, dtype=torch.float32)[:, None]
y = torch.tensor(d.target)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = [
            nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.Tanh()) for a, b in ((1, 4), (4, 4), (4, 4))
        ]
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.out = nn.Linear(4, 10)

    def forward(self, x):
        for b in self.blocks:
            x = b(x)
        return self.out(self.pool(x).flatten(1))


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(15):
    for i in torch.randperm(len(X)).split(64):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(X[i]), y[i])
        loss.backward()
        opt.step()
    print(epoch, loss.item())
