# acceptable: healthy
import torch
from torch import nn

torch.manual_seed(0)
U, V = torch.randn(60, 3), torch.randn(80, 3)
u, v = torch.randint(60, (6000,)), torch.randint(80, (6000,))
r = (U[u] * V[v]).sum(1) + 0.2 * torch.randn(6000)


class MF(nn.Module):
    def __init__(self):
        super().__init__()
        self.p, self.q = nn.Embedding(60, 4), nn.Embedding(80, 4)
        nn.init.normal_(self.p.weight, std=0.3)
        nn.init.normal_(self.q.weight, std=0.3)

    def forward(self, a, b):
        return (self.p(a) * self.q(b)).sum(1)


model = MF()
opt = torch.optim.Adam(model.parameters(), lr=0.02)
for epoch in range(8):
    for i in torch.randperm(6000).split(128):
        loss = nn.functional.mse_loss(model(u[i], v[i]), r[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
