# acceptable: healthy
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(64, 32)
        self.l2 = nn.Linear(32, 10)

    def forward(self, x):
        return self.l2(torch.tanh(self.l1(x)))


net = Net()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
for epoch in range(3):
    for b in torch.randperm(len(X)).split(4):
        optimizer.zero_grad()
        loss = criterion(net(X[b]), y[b])
        loss.backward()
        optimizer.step()
    print("epoch", epoch, loss.item())
