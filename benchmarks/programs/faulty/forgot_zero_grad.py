# acceptable: gradients-not-zeroed
import torch

torch.manual_seed(0)
x = torch.randn(200, 3)
y = x @ torch.tensor([[2.0], [-1.0], [0.5]]) + 0.1 * torch.randn(200, 1)
net = torch.nn.Linear(3, 1)
criterion = torch.nn.MSELoss()
optim = torch.optim.SGD(net.parameters(), lr=0.05)
for t in range(400):
    out = net(x)
    loss = criterion(out, y)
    loss.backward()
    optim.step()
