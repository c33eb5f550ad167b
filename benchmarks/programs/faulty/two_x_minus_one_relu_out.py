# acceptable: loss-mismatch, dead-units, lr-too-low, capacity-or-data
import torch
import torch.nn as nn

torch.manual_seed(5)
x = torch.tensor([-1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0])[:, None]
y = 2 * x - 1
y = -y  # the mirrored exercise


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.d1 = nn.Linear(1, 4)
        self.d2 = nn.Linear(4, 2)
        self.d3 = nn.Linear(2, 1)

    def forward(self, t):
        t = torch.relu(self.d1(t))
        t = torch.relu(self.d2(t))
        return torch.relu(self.d3(t))


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=0.001)
for epoch in range(800):
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    opt.step()
print(net(torch.tensor([[10.0]])))
