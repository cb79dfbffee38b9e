package style

// Defaults is a new copy of the document of a style that sets nothing. Texts on
// it have a contrast of 4.5:1 at least, lines around controls one of 3:1
// (WCAG 2.2, 1.4.3 and 1.4.11).
func Defaults() Settings {
	s := Settings{Categories: defaultCategories()}
	light, dark := lightPalette(), darkPalette()
	classes, components := &s.ComponentClasses, &s.Components

	classes.Buttons.BorderRadius = 8
	classes.DropDown.BorderRadius = 8
	classes.IDPButtons.Icons.Enabled = true
	classes.Input.BorderRadius = 8
	light.classes(classes.mode(false))
	dark.classes(classes.mode(true))

	components.Alert.BorderRadius = 8
	components.Favicon.EnabledTypes = []FaviconType{FaviconICO, FaviconSVG}
	components.Form.BorderRadius = 12
	components.Form.Logo = FormLogo{FormInclusion: InForm, Location: Center, Position: Top}
	components.IDPButton.Custom = map[Name]Modes[SecondaryButton]{}
	components.PageBackground.Image.Enabled = true
	components.PageHeader.Logo.Location = Start
	components.PageFooter.Logo.Location = Start
	components.PhoneNumberSelector.DisplayType = PhoneText
	light.components(components.mode(false))
	dark.components(components.mode(true))
	return s
}

func defaultCategories() Categories {
	return Categories{
		Auth: AuthCategory{
			AuthMethodOrder: [][]AuthMethod{{
				{Display: DisplayButton, Type: TypeFederated},
				{Display: DisplayInput, Type: TypeUsernamePassword},
			}},
			Federation: Federation{InterfaceStyle: ButtonList, Order: []Name{}},
		},
		Form: FormCategory{
			DisplayGraphics:     true,
			Location:            Location{Horizontal: Center, Vertical: Center},
			SessionTimerDisplay: "NONE",
		},
		Global: GlobalCategory{ColorSchemeMode: Dynamic, SpacingDensity: Regular},
		SignUp: SignUpCategory{AcceptanceElements: []AcceptanceElement{{Enforcement: EnforceNothing, TextKey: "en"}}},
	}
}

// palette is what the colours of one mode are made from.
type palette struct {
	page, surface, field Color
	heading, text, soft  Color // of texts; soft is for placeholders
	line, control        Color // of lines: that only divide, and around controls
	hover                Color // behind what the pointer is over
	pressed              Color // behind what is being pressed
	accent, over, press  Color // of what can be clicked, as it goes
	onAccent             Color // of texts on accent
	chosen               Color // behind what is chosen
	inactive             Color // behind what cannot be clicked
	bad, good, doubtful  Indicator
}

func lightPalette() palette {
	return palette{
		page: "f3f5f9ff", surface: "ffffffff", field: "ffffffff",
		heading: "0f1b2aff", text: "3b4757ff", soft: "5f6b7aff",
		line: "dde2eaff", control: "6b7686ff",
		hover: "f1f5fbff", pressed: "e2e9f5ff",
		accent: "1d4ed8ff", over: "1e40afff", press: "1e3a8aff", onAccent: "ffffffff",
		chosen: "e0e9ffff", inactive: "eceff4ff",
		bad:      Indicator{"fef2f2ff", "b91c1cff", "b91c1cff"},
		good:     Indicator{"effaf3ff", "15703aff", "15703aff"},
		doubtful: Indicator{"fff8e6ff", "92520cff", "92520cff"},
	}
}

func darkPalette() palette {
	return palette{
		page: "0b1220ff", surface: "151e2dff", field: "0f1726ff",
		heading: "f3f6faff", text: "cdd5e0ff", soft: "9aa7b8ff",
		line: "2b384bff", control: "7c8a9eff",
		hover: "1e2a3fff", pressed: "26344dff",
		accent: "93b4ffff", over: "b3caffff", press: "c9daffff", onAccent: "0b1220ff",
		chosen: "22345cff", inactive: "1c2637ff",
		bad:      Indicator{"2c1417ff", "f87171ff", "fca5a5ff"},
		good:     Indicator{"10271aff", "4ade80ff", "86efacff"},
		doubtful: Indicator{"2b2009ff", "fbbf24ff", "fcd34dff"},
	}
}

// classColors points at the colours of one mode in ComponentClasses.
type classColors struct {
	divider, focus     *Border
	dropDown           *DropDownColors
	input              *InputColors
	description, label *TextColor
	link               *Link
	option             *OptionControl
	status             *StatusIndicator
}

func (c *ComponentClasses) mode(dark bool) classColors {
	return classColors{
		divider: c.Divider.of(dark), focus: c.FocusState.of(dark), dropDown: c.DropDown.of(dark), input: c.Input.of(dark),
		description: c.InputDescription.of(dark), label: c.InputLabel.of(dark), link: c.Link.of(dark),
		option: c.OptionControls.of(dark), status: c.StatusIndicator.of(dark),
	}
}

func (p palette) classes(c classColors) {
	c.divider.BorderColor, c.focus.BorderColor = p.line, p.accent
	c.dropDown.Defaults.ItemBackgroundColor = p.surface
	c.dropDown.Hover.ItemBackgroundColor = p.hover
	c.dropDown.Hover.ItemBorderColor = p.control
	c.dropDown.Hover.ItemTextColor = p.heading
	c.dropDown.Match.ItemBackgroundColor = p.chosen
	c.dropDown.Match.ItemTextColor = p.accent
	c.input.Defaults = Box{BackgroundColor: p.field, BorderColor: p.control}
	c.input.PlaceholderColor = p.soft
	c.description.TextColor, c.label.TextColor = p.text, p.heading
	c.link.Defaults.TextColor, c.link.Hover.TextColor = p.accent, p.over
	c.option.Defaults = Box{BackgroundColor: p.field, BorderColor: p.control}
	c.option.Selected.BackgroundColor, c.option.Selected.ForegroundColor = p.accent, p.onAccent
	c.status.Error, c.status.Success, c.status.Warning = p.bad, p.good, p.doubtful
	c.status.Pending.IndicatorColor = p.soft
}

// componentColors points at the colours of one mode in Components.
type componentColors struct {
	alert          *AlertColors
	form           *Box
	idp, secondary *SecondaryButton
	page           *PageColor
	footer, header *EdgeColors
	text           *PageText
	primary        *PrimaryButton
}

func (c *Components) mode(dark bool) componentColors {
	return componentColors{
		alert: c.Alert.of(dark), form: c.Form.of(dark), idp: c.IDPButton.Standard.of(dark), secondary: c.SecondaryButton.of(dark),
		page: c.PageBackground.of(dark), footer: c.PageFooter.of(dark), header: c.PageHeader.of(dark),
		text: c.PageText.of(dark), primary: c.PrimaryButton.of(dark),
	}
}

func (p palette) components(c componentColors) {
	c.alert.Error = Box{BackgroundColor: p.bad.BackgroundColor, BorderColor: p.bad.BorderColor}
	*c.form = Box{BackgroundColor: p.surface, BorderColor: p.line}
	*c.idp = SecondaryButton{
		Active:   OutlinedButton{p.pressed, p.control, p.heading},
		Defaults: OutlinedButton{p.surface, p.control, p.heading},
		Hover:    OutlinedButton{p.hover, p.control, p.heading},
	}
	*c.secondary = SecondaryButton{
		Active:   OutlinedButton{p.pressed, p.press, p.press},
		Defaults: OutlinedButton{p.surface, p.accent, p.accent},
		Hover:    OutlinedButton{p.hover, p.over, p.over},
	}
	c.page.Color = p.page
	for _, edge := range []*EdgeColors{c.footer, c.header} {
		edge.Background.Color, edge.BorderColor = p.surface, p.line
	}
	*c.text = PageText{BodyColor: p.text, DescriptionColor: p.text, HeadingColor: p.heading}
	*c.primary = PrimaryButton{
		Active:   FilledButton{p.press, p.onAccent},
		Defaults: FilledButton{p.accent, p.onAccent},
		Disabled: Box{BackgroundColor: p.inactive, BorderColor: p.line},
		Hover:    FilledButton{p.over, p.onAccent},
	}
}

// of points at the value of one mode.
func (m *Modes[T]) of(dark bool) *T {
	if dark {
		return &m.DarkMode
	}
	return &m.LightMode
}

// For is the value for dark pages or for light ones.
func (m *Modes[T]) For(dark bool) T { return *m.of(dark) }
