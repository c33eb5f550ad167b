# acceptable: healthy
import torch
from torch import nn

torch.manual_seed(0)


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(1, 24, batch_first=True)
        self.head = nn.Linear(24, 1)

    def forward(self, x):
        return self.head(self.gru(x)[0][:, -1])


model = Forecaster()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for step in range(300):
    start = 6.28 * torch.rand(32, 1)
    t = start + 0.3 * torch.arange(21)
    s = torch.sin(t).unsqueeze(-1) + 0.05 * torch.randn(32, 21, 1)
    loss = nn.functional.mse_loss(model(s[:, :20]), s[:, 20])
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
