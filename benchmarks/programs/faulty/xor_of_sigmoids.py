# acceptable: lr-too-low, vanishing-gradients, flat-region, loss-mismatch
import torch
from torch import nn

torch.manual_seed(2)
X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])


class XOR(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin1 = nn.Linear(2, 2)
        self.lin2 = nn.Linear(2, 1)

    def forward(self, x):
        return torch.sigmoid(self.lin2(torch.sigmoid(self.lin1(x))))


m = XOR()
crit = nn.MSELoss()
optimizer = torch.optim.SGD(m.parameters(), lr=0.01)
for i in range(500):
    for j in range(4):
        optimizer.zero_grad()
        out = m(X[j : j + 1])
        loss = crit(out, y[j : j + 1])
        loss.backward()
        optimizer.step()
    if i % 100 == 0:
        print(i, loss.item())
