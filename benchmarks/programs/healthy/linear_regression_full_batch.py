# acceptable: healthy
import torch

torch.manual_seed(0)
x = torch.randn(200, 3)
y = x @ torch.tensor([[2.0], [-1.0], [0.5]]) + 0.1 * torch.randn(200, 1)
net = torch.nn.Linear(3, 1)
optim = torch.optim.SGD(net.parameters(), lr=0.1)
for t in range(200):
    loss = torch.nn.MSELoss()(net(x), y)
    optim.zero_grad()
    loss.backward()
    optim.step()
