# acceptable: healthy
import torch
from torch import nn
from sklearn.datasets import load_digits

torch.manual_seed(0)


class Sign(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sign()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (x.abs() < 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(64, 128)
        self.bn = nn.BatchNorm1d(128)
        self.b = nn.Linear(128, 10)

    def forward(self, x):
        return self.b(Sign.apply(self.bn(self.a(x))))


d = load_digits()
X = torch.tensor(d.data / 16, dtype=torch.float32)
y = torch.tensor(d.target)
net = Net()
opt = torch.optim.Adam(net.parameters(), 2e-3)
for e in range(20):
    for i in torch.randperm(len(X)).split(64):
        opt.zero_grad()
        l = nn.functional.cross_entropy(net(X[i]), y[i])
        l.backward()
        opt.step()
    print(e, l.item())
