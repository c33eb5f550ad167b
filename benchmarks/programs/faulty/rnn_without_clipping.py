# acceptable: exploding-gradients, lr-too-high, init-too-large
import torch
from torch import nn

torch.manual_seed(0)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(1, 32, nonlinearity="relu", batch_first=True)
        self.fc = nn.Linear(32, 1)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.fc(out[:, -1])


model = Model()
nn.init.eye_(model.rnn.weight_hh_l0)
model.rnn.weight_hh_l0.data *= 1.25
opt = torch.optim.SGD(model.parameters(), lr=0.01)
for step in range(300):
    x = torch.rand(32, 60, 1)
    y = x.sum(1)
    loss = nn.functional.mse_loss(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
