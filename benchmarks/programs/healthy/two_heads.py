# acceptable: healthy
import torch
from torch import nn
from sklearn.datasets import load_digits

torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.data / 16, dtype=torch.float32)
y = torch.tensor(d.target)
ink = X.mean(1, keepdim=True)
ink = (ink - ink.mean()) / ink.std()


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(64, 64), nn.ReLU())
        self.c = nn.Linear(64, 10)
        self.r = nn.Linear(64, 1)

    def forward(self, x):
        h = self.body(x)
        return {"class": self.c(h), "ink": self.r(h)}


m = Two()
opt = torch.optim.Adam(m.parameters(), 2e-3)
for epoch in range(20):
    for i in torch.randperm(len(X)).split(64):
        o = m(X[i])
        loss = nn.functional.cross_entropy(o["class"], y[i]) + 0.5 * nn.functional.mse_loss(o["ink"], ink[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
